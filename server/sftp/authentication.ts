/**
 * Finds out who connects (RFC 4252, RFC 4256).
 *
 * @module
 */
import type { ManagedLogins, ManagedUser } from "../../core/engine/managed/logins.ts";
import type { AuthenticationType } from "../../core/files/sftp/ssh2_types.ts";
import type { FailedLogins } from "./attempts.ts";
import type { LoginMethod, LoginRefusal } from "./journal.ts";
import type { SftpLimits } from "./limits.ts";
import { judgeKey } from "./public_keys.ts";
import type { LoginAttempt, PasswordAttempt, PromptAttempt, PublicKeyAttempt, Ssh2ServerModule } from "./ssh2_types.ts";

/** What everybody may try, known or not. */
const METHODS: readonly AuthenticationType[] = ["publickey", "password", "keyboard-interactive"];
/** What is left of it for an account that asks for both, once the key was right. */
const SECOND: readonly AuthenticationType[] = ["password", "keyboard-interactive"];
/** Tries of a connection of any kind; programs that find out what is offered need a few. */
const TRIES = 100;

/** What a login works with. */
export interface AuthenticationOptions {
  readonly logins: ManagedLogins;
  readonly failed: FailedLogins;
  readonly limits: SftpLimits;
  readonly parseKey: Ssh2ServerModule["utils"]["parseKey"];
  /** IP address of the client. */
  readonly address: string;
  /** Does work that is heavy, a few at a time. */
  readonly heavy: <T>(work: () => Promise<T>) => Promise<T>;
  /** Waits; false where the connection ended meanwhile. */
  readonly wait: (milliseconds: number) => Promise<boolean>;
  /** Whether there is room for one more session of the user; takes it if so. */
  readonly admit: (user: ManagedUser, method: LoginMethod) => boolean;
  readonly onRefused: (username: string, user: ManagedUser | undefined, reason: LoginRefusal) => void;
  /** Ends the connection: there were too many tries. */
  readonly onEnough: () => void;
}

/** The login of one connection. */
export class Authentication {
  readonly #options: AuthenticationOptions;
  #user: Promise<ManagedUser | undefined> | undefined;
  #tries = 0;
  #failures = 0;
  #offers = 0;
  /** The key of an account that asks for both was right. */
  #hasKey = false;
  #done = false;

  constructor(options: AuthenticationOptions) {
    this.#options = options;
  }

  /** Answers a try. ssh2 sends the next one once this one is answered, and keeps to one name a connection. */
  async take(attempt: LoginAttempt): Promise<void> {
    if (this.#done) return;
    if (++this.#tries > TRIES) return this.#enough();
    this.#user ??= this.#options.logins.find(attempt.username);
    const user = await this.#user;
    switch (attempt.method) {
      case "publickey":
        return await this.#key(attempt, user);
      case "password":
        // Anything but text wants to change the password, which is the account's owner's to do.
        if (typeof attempt.password !== "string") return this.#fail(attempt, user, "method");
        return await this.#password(attempt, user, attempt.password);
      case "keyboard-interactive":
        return await this.#ask(attempt, user);
      default:
        return attempt.reject(this.#left());
    }
  }

  /** What may be tried, the same for names that nobody has. */
  #left(): readonly AuthenticationType[] {
    return this.#hasKey ? SECOND : METHODS;
  }

  async #key(attempt: PublicKeyAttempt, user: ManagedUser | undefined): Promise<void> {
    const verdict = judgeKey(attempt, user?.publicKeys ?? [], this.#options.parseKey);
    switch (verdict) {
      case "known":
        return attempt.accept();
      case "unknown":
        // Programs offer every key they have; keys cannot be guessed, so this is no failure to wait for.
        if (++this.#offers > this.#options.limits.offeredKeys) return this.#enough();
        return attempt.reject(this.#left());
      case "forged":
        this.#options.failed.begin(attempt.username, this.#options.address);
        return this.#fail(attempt, user, "public_key");
      case "signed":
        if (user === undefined) return this.#fail(attempt, user, "public_key");
        if (!user.requireBoth) return this.#accept(attempt, user, "public_key");
        this.#hasKey = true;
        return attempt.reject(SECOND, true);
    }
  }

  async #ask(attempt: PromptAttempt, user: ManagedUser | undefined): Promise<void> {
    const answers = await new Promise<readonly string[] | Error>((resolve) =>
      attempt.prompt([{ prompt: "Password: ", echo: false }], resolve)
    );
    // The client tries something else instead.
    if (answers instanceof Error || this.#done) return;
    const [password] = answers;
    if (password === undefined || answers.length !== 1) return this.#fail(attempt, user, "method");
    await this.#password(attempt, user, password);
  }

  async #password(
    attempt: PasswordAttempt | PromptAttempt,
    user: ManagedUser | undefined,
    password: string,
  ): Promise<void> {
    const { failed, address, logins, heavy, wait } = this.#options;
    if (!await wait(failed.begin(attempt.username, address))) return;
    // The key comes first where both are asked for: whether a password is right is for its owner to know.
    const asked = user !== undefined && (!user.requireBoth || this.#hasKey) ? user : undefined;
    const right = await heavy(() => logins.checkPassword(asked, password));
    if (this.#done) return;
    if (!right || asked === undefined) return this.#fail(attempt, user, "password");
    failed.takeBack(attempt.username, address);
    this.#accept(attempt, asked, asked.requireBoth ? "public_key_and_password" : "password");
  }

  #accept(attempt: LoginAttempt, user: ManagedUser, method: LoginMethod): void {
    if (!this.#options.admit(user, method)) {
      this.#options.onRefused(attempt.username, user, "sessions");
      return this.#enough();
    }
    this.#done = true;
    this.#options.failed.trust(attempt.username, this.#options.address);
    attempt.accept();
  }

  #fail(attempt: LoginAttempt, user: ManagedUser | undefined, reason: LoginRefusal): void {
    this.#options.onRefused(attempt.username, user, reason);
    if (++this.#failures >= this.#options.limits.failedLogins) return this.#enough();
    attempt.reject(this.#left());
  }

  #enough(): void {
    this.#done = true;
    this.#options.onEnough();
  }
}
