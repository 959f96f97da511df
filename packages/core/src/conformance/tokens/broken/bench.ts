import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { SessionError } from "../../../errors.js";
import type { SessionRecord, TokenProvider } from "../../../provider.js";
import type { TokenOpenOptions } from "../options.js";

/** A key, and the id by which tokens name it. */
export interface BenchKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What is sealed. */
export interface BenchPayload {
  readonly issuedAt: number;
  readonly record: SessionRecord;
}

/** The steps of a token provider, so that a broken one can differ in one of them. */
export interface Recipe {
  readonly now: () => number;
  readonly keys: readonly [BenchKey, ...BenchKey[]];
  sealingKey(): BenchKey;
  keyOf(id: string): BenchKey | undefined;
  /** What is authenticated in addition to the payload. */
  bound(id: string): string;
  nonce(): Uint8Array;
  encrypt(key: Uint8Array, nonce: Uint8Array, text: Buffer, bound: Buffer): readonly [sealed: Buffer, tag: Buffer];
  decrypt(key: Uint8Array, nonce: Uint8Array, sealed: Buffer, tag: Buffer, bound: Buffer): Buffer | undefined;
  decode(text: string): Buffer | undefined;
  pack(payload: BenchPayload): string;
  unpack(text: string): BenchPayload | undefined;
  accepts(payload: BenchPayload, now: number): boolean;
}

/** The sound provider with one edit, and the ids of the cases that must fail: these and no others. */
export interface BrokenTokens {
  readonly name: string;
  readonly fails: readonly string[];
  /** The steps that differ. */
  readonly recipe?: (sound: Recipe, options: TokenOpenOptions) => Partial<Recipe>;
  /** The methods that differ. */
  readonly edit?: (sound: TokenProvider, recipe: Recipe, options: TokenOpenOptions) => Partial<TokenProvider>;
}

/** A kit's `open` for one broken token provider. */
export function openBrokenTokens(broken: BrokenTokens): (options: TokenOpenOptions) => Promise<TokenProvider> {
  return async (options) => {
    const sound = soundRecipe(options);
    const recipe = { ...sound, ...broken.recipe?.(sound, options) };
    const provider = providerOf(recipe);
    return { ...provider, ...broken.edit?.(provider, recipe, options) };
  };
}

/** A simple provider that keeps every rule: `id.sealed.nonce and tag`, AES-256-GCM under the key itself. */
function providerOf(recipe: Recipe): TokenProvider {
  let closed = false;
  const assertOpen = () => {
    if (closed) throw new SessionError("SESS_CLOSED", "this provider was closed");
  };
  return {
    seal(record) {
      assertOpen();
      return sealWith(recipe, record);
    },
    open(token) {
      assertOpen();
      const payload = payloadOf(recipe, token);
      return payload !== undefined && recipe.accepts(payload, recipe.now()) ? payload.record : undefined;
    },
    async close() {
      closed = true;
    },
  };
}

function sealWith(recipe: Recipe, record: SessionRecord): string {
  const [key, nonce] = [recipe.sealingKey(), recipe.nonce()];
  const text = Buffer.from(recipe.pack({ issuedAt: recipe.now(), record }));
  const [sealed, tag] = recipe.encrypt(key.bytes, nonce, text, Buffer.from(recipe.bound(key.id)));
  return `${key.id}.${sealed.toString("base64url")}.${Buffer.concat([nonce, tag]).toString("base64url")}`;
}

function payloadOf(recipe: Recipe, token: string): BenchPayload | undefined {
  const [id = "", middle = "", end = "", ...more] = token.split(".");
  const [key, sealed, rest] = [recipe.keyOf(id), recipe.decode(middle), recipe.decode(end)];
  if (key === undefined || sealed === undefined || rest === undefined || more.length > 0) return undefined;
  if (rest.length < 16) return undefined;
  const [nonce, tag] = [rest.subarray(0, 12), rest.subarray(12)];
  const text = recipe.decrypt(key.bytes, nonce, sealed, tag, Buffer.from(recipe.bound(id)));
  return text && recipe.unpack(text.toString());
}

function soundRecipe({ keys: [newest, ...older], cookieName, namespace, now }: TokenOpenOptions): Recipe {
  const keys = [benchKey(newest), ...older.map(benchKey)] as const;
  return {
    now,
    keys,
    sealingKey: () => keys[0],
    keyOf: (id) => keys.find((key) => key.id === id),
    bound: (id) => JSON.stringify([id, cookieName, namespace]),
    nonce: () => randomBytes(12),
    encrypt,
    decrypt,
    decode(text) {
      const bytes = Buffer.from(text, "base64url");
      return bytes.toString("base64url") === text ? bytes : undefined;
    },
    pack: (payload) => JSON.stringify(payload),
    unpack: (text) => JSON.parse(text) as BenchPayload,
    accepts: ({ issuedAt, record }, at) => issuedAt <= at + 60_000 && at < record.expiresAt,
  };
}

/** A key under its id. */
export function benchKey(bytes: Uint8Array): BenchKey {
  return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 8), bytes };
}

const encrypt: Recipe["encrypt"] = (key, nonce, text, bound) => {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(bound);
  return [Buffer.concat([cipher.update(text), cipher.final()]), cipher.getAuthTag()];
};

const decrypt: Recipe["decrypt"] = (key, nonce, sealed, tag, bound) => {
  if (tag.length !== 16) return undefined;
  const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  try {
    cipher.setAAD(bound).setAuthTag(tag);
    return Buffer.concat([cipher.update(sealed), cipher.final()]);
  } catch {
    return undefined;
  }
};
