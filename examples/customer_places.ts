/**
 * Where the example customers live and what people are called there. Made up; ours; part of no real data set.
 *
 * @module
 */

/** A name as it is written, and how an e-mail address spells it. */
export type Spelled = readonly [written: string, ascii: string];

/** One country's names and addresses. */
export interface Place {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** How many of a hundred customers live here, about. */
  readonly weight: number;
  /** First names. */
  readonly first: readonly Spelled[];
  /** Last names. */
  readonly last: readonly Spelled[];
  /** Streets; `#` becomes a house number. */
  readonly streets: readonly string[];
  /** Cities. */
  readonly cities: readonly string[];
  /** What a company's name ends in. */
  readonly companies: readonly string[];
  /** A phone number; each `#` becomes a digit. Fictional ranges where the country sets some aside. */
  readonly phone: string;
}

/** Pairs a list such as `"Jürgen=juergen Anna"`; a name without `=` spells as itself in lower case. */
function spelled(list: string): readonly Spelled[] {
  return list.split(" ").map((entry) => {
    const [written = "", ascii = written.toLowerCase()] = entry.split("=");
    return [written.replaceAll("_", " "), ascii] as const;
  });
}

/** Every country of the example. */
export const PLACES: readonly Place[] = [
  {
    country: "DE",
    weight: 16,
    first: spelled("Jürgen=juergen Anna Käthe=kaethe Björn=bjoern Lena Matthias Sören=soeren Ilse Götz=goetz Marie"),
    last: spelled("Müller=mueller Schäfer=schaefer Weiß=weiss Köhler=koehler Becker Groß=gross Vogel Lüders=lueders"),
    streets: ["Königstraße #", "Am Mühlbach #", "Goethestr. #", "Hauptstraße # a", "An der Kirche #"],
    cities: ["München", "Köln", "Düsseldorf", "Lübeck", "Görlitz", "Berlin", "Würzburg"],
    companies: ["GmbH", "& Söhne KG", "AG", "e. K."],
    phone: "+49 171 39200##",
  },
  {
    country: "FR",
    weight: 11,
    first: spelled("Zoé=zoe Benoît=benoit Chloé=chloe Hélène=helene Jean-Luc François=francois Agnès=agnes Noël=noel"),
    last: spelled("Lefèvre=lefevre Durand Béranger=beranger D'Aubigné=daubigne Girard Le_Goff=legoff Çelik=celik"),
    streets: [
      "# bis, rue de l'Église",
      "#, avenue du Général-Leclerc",
      "# quai de la Tournelle",
      "#, place Sœur-Rosalie",
    ],
    cities: ["Orléans", "Besançon", "Nîmes", "Paris", "Saint-Étienne", "Angoulême"],
    companies: ["SARL", "et Fils", "S.A.", "& Cie"],
    phone: "+33 6 39 98 ## ##",
  },
  {
    country: "ES",
    weight: 8,
    first: spelled("José=jose María=maria Íñigo=inigo Begoña=begona Álvaro=alvaro Lucía=lucia Nuria Raúl=raul"),
    last: spelled("Muñoz=munoz García=garcia Ibáñez=ibanez Peña=pena Núñez=nunez Romero López=lopez"),
    streets: ["Calle de Alcalá, #", "Avda. de la Constitución, #, 2.º izq.", "Paseo de la Concha #", "C/ Añón #"],
    cities: ["A Coruña", "Cádiz", "Logroño", "Málaga", "Madrid", "Castelló de la Plana"],
    companies: ["S.L.", "e Hijos, S.A.", "S. Coop."],
    phone: "+34 6## ## ## ##",
  },
  {
    country: "PL",
    weight: 6,
    first: spelled("Łukasz=lukasz Małgorzata=malgorzata Paweł=pawel Zofia Grażyna=grazyna Stanisław=stanislaw Ewa"),
    last: spelled("Wójcik=wojcik Dąbrowska=dabrowska Żak=zak Kowalczyk Święcki=swiecki Źrebiec=zrebiec Nowak"),
    streets: ["ul. Świętojańska #", "al. Niepodległości # m. 4", "ul. Żwirki i Wigury #"],
    cities: ["Łódź", "Gdańsk", "Poznań", "Kraków", "Wrocław"],
    companies: ["sp. z o.o.", "S.A.", "i Wspólnicy"],
    phone: "+48 5## ### ###",
  },
  {
    country: "CZ",
    weight: 4,
    first: spelled("Jiří=jiri Kateřina=katerina Ondřej=ondrej Běla=bela Šárka=sarka Tomáš=tomas"),
    last: spelled("Dvořák=dvorak Nováková=novakova Růžička=ruzicka Čermák=cermak Šťastný=stastny"),
    streets: ["Na Příkopě #", "Žižkova #", "Třída Míru #"],
    cities: ["Plzeň", "Brno", "České Budějovice", "Ústí nad Labem"],
    companies: ["s.r.o.", "a.s."],
    phone: "+420 7## ### ###",
  },
  {
    country: "SE",
    weight: 4,
    first: spelled("Åsa=asa Göran=goran Märta=marta Håkan=hakan Linnéa=linnea Erik"),
    last: spelled("Ångström=angstrom Sjöberg=sjoberg Nyström=nystrom Lindqvist Åkesson=akesson"),
    streets: ["Östra Förstadsgatan #", "Sankt Eriksgatan #", "Skånegatan # B"],
    cities: ["Malmö", "Göteborg", "Växjö", "Umeå"],
    companies: ["AB", "Handelsbolag"],
    phone: "+46 70 174 06 ##",
  },
  {
    country: "TR",
    weight: 4,
    first: spelled("Işıl=isil Çağla=cagla İbrahim=ibrahim Oğuz=oguz Şule=sule Gökhan=gokhan"),
    last: spelled("Yılmaz=yilmaz Öztürk=ozturk Çetin=cetin Doğan=dogan Güneş=gunes"),
    streets: ["İstiklal Cad. No: #", "Bağdat Cd. #/3", "Atatürk Bulvarı #"],
    cities: ["İstanbul", "Eskişehir", "Muğla", "İzmir"],
    companies: ["A.Ş.", "Ltd. Şti."],
    phone: "+90 5## ### ## ##",
  },
  {
    country: "GR",
    weight: 3,
    first: spelled("Ελένη=eleni Γιώργος=giorgos Αθηνά=athina Νίκος=nikos Μαρία=maria"),
    last: spelled("Παπαδόπουλος=papadopoulos Νικολάου=nikolaou Αντωνίου=antoniou Ιωάννου=ioannou"),
    streets: ["Ερμού #", "Λεωφόρος Κηφισίας #", "Αγίου Δημητρίου #"],
    cities: ["Αθήνα", "Θεσσαλονίκη", "Πάτρα"],
    companies: ["Α.Ε.", "Ε.Π.Ε."],
    phone: "+30 69## ### ###",
  },
  {
    country: "UA",
    weight: 4,
    first: spelled("Оксана=oksana Тарас=taras Ївга=yivha Соломія=solomiia Андрій=andrii Леся=lesia"),
    last: spelled("Шевченко=shevchenko Коваль=koval Ґудзь=gudz Мельник=melnyk Бондаренко=bondarenko"),
    streets: ["вул. Хрещатик, #", "просп. Свободи, #", "вул. Саксаганського, #, кв. 7"],
    cities: ["Київ", "Львів", "Чернівці", "Одеса"],
    companies: ["ТОВ", "ПрАТ"],
    phone: "+380 50 ### ## ##",
  },
  {
    country: "JP",
    weight: 7,
    first: spelled("さくら=sakura 健太=kenta 美咲=misaki 翔=sho 陽子=yoko 大輔=daisuke"),
    last: spelled("佐藤=sato 鈴木=suzuki 髙橋=takahashi 渡邉=watanabe 伊藤=ito 山﨑=yamazaki"),
    streets: ["丸の内#丁目1-2", "本町#-5", "中央区銀座#丁目", "北大路町#番地"],
    cities: ["東京都", "大阪市", "札幌市", "京都市"],
    companies: ["株式会社", "有限会社"],
    phone: "+81 90-####-####",
  },
  {
    country: "KR",
    weight: 3,
    first: spelled("서연=seoyeon 민준=minjun 지우=jiwoo 하은=haeun 도윤=doyun"),
    last: spelled("김=kim 이=lee 박=park 최=choi 정=jung"),
    streets: ["세종대로 #", "해운대로 #번길", "테헤란로 #"],
    cities: ["서울특별시", "부산광역시", "대구광역시"],
    companies: ["주식회사", "유한회사"],
    phone: "+82 10-####-####",
  },
  {
    country: "CN",
    weight: 4,
    first: spelled("伟=wei 芳=fang 秀英=xiuying 敏=min 静=jing 磊=lei"),
    last: spelled("王=wang 李=li 张=zhang 刘=liu 陈=chen 欧阳=ouyang"),
    streets: ["人民路#号", "中山东路#号", "解放大街#号"],
    cities: ["北京市", "上海市", "成都市", "广州市"],
    companies: ["有限公司", "集团"],
    phone: "+86 13# #### ####",
  },
  {
    country: "IN",
    weight: 4,
    first: spelled("आरव=aarav Priya अनन्या=ananya Rahul दीपिका=deepika Lakshmi"),
    last: spelled("शर्मा=sharma Iyer पटेल=patel Reddy सिंह=singh"),
    streets: ["# एम. जी. रोड", "#, 5th Cross, Indiranagar", "Flat 12, # Marine Drive"],
    cities: ["मुंबई", "Bengaluru", "नई दिल्ली", "Chennai"],
    companies: ["Pvt. Ltd.", "& Sons"],
    phone: "+91 98### #####",
  },
  {
    country: "EG",
    weight: 2,
    first: spelled("ليلى=layla أحمد=ahmed منى=mona كريم=karim"),
    last: spelled("حسن=hassan الشريف=elsherif منصور=mansour عبد_الله=abdallah"),
    streets: ["# شارع التحرير", "# كورنيش النيل"],
    cities: ["القاهرة", "الإسكندرية"],
    companies: ["ش.م.م."],
    phone: "+20 10# ### ####",
  },
  {
    country: "IL",
    weight: 2,
    first: spelled("נועה=noa דוד=david יעל=yael"),
    last: spelled("כהן=cohen לוי=levi מזרחי=mizrahi"),
    streets: ["רחוב הרצל #", "שדרות רוטשילד #"],
    cities: ["תל אביב-יפו", "חיפה"],
    companies: ['בע"מ'],
    phone: "+972 50-###-####",
  },
  {
    country: "BR",
    weight: 6,
    first: spelled("João=joao Conceição=conceicao Antônia=antonia Luís=luis Débora=debora Caio"),
    last: spelled("Gonçalves=goncalves Araújo=araujo da_Conceição=daconceicao Simões=simoes Pereira"),
    streets: ["Av. Brigadeiro Luís Antônio, # - apto. 31", "Rua São João, #", "Praça da Sé, #"],
    cities: ["São Paulo", "Brasília", "Florianópolis", "Belém"],
    companies: ["Ltda.", "S/A"],
    phone: "+55 11 9####-####",
  },
  {
    country: "US",
    weight: 14,
    first: spelled("Emma Noah Zoë=zoe DeShawn Ximena=ximena Renée=renee Mary-Ann Theo"),
    last: spelled("Smith O'Neill=oneill Nguyễn=nguyen Johnson Peña=pena Van_Buren=vanburen McKay"),
    streets: ["# Main St, Apt 4B", "# N 5th Ave", "# Market Street, Suite 200", "# County Road 12"],
    cities: ["Portland", "St. Louis", "San José", "Española", "New York"],
    companies: ["Inc.", "LLC", "& Co., Inc."],
    phone: "+1 503-555-01##",
  },
  {
    country: "GB",
    weight: 9,
    first: spelled("Siân=sian Oliver Niamh Zara Angus Imogen Dafydd"),
    last: spelled("Hughes Ashcroft St_John=stjohn Patel Llŷr=llyr Featherstonehaugh Okonkwo"),
    streets: ["# High Street", "Flat 2, # King's Road", "The Old Forge, # Mill Lane", "# Heol y Frenhines"],
    cities: ["London", "Llandudno", "Newcastle upon Tyne", "Edinburgh"],
    companies: ["Ltd", "& Daughters", "plc"],
    phone: "+44 7700 900###",
  },
  {
    country: "VN",
    weight: 2,
    first: spelled("Thảo=thao Đức=duc Hương=huong Quỳnh=quynh"),
    last: spelled("Trần=tran Đặng=dang Phạm=pham Võ=vo"),
    streets: ["# Nguyễn Huệ, Quận 1", "# phố Hàng Bạc"],
    cities: ["Đà Nẵng", "Hà Nội", "Thành phố Hồ Chí Minh"],
    companies: ["TNHH", "Cổ phần"],
    phone: "+84 90 ### ## ##",
  },
];
