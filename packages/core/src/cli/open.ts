import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createManager } from "../manager/create-manager.js";
import type { Manager, StoreManager } from "../manager/manager.js";
import { connectorOf, providers } from "../registry.js";
import { type Request, UsageError } from "./arguments.js";

/** A Manager of either kind: what it cannot do, it refuses itself. */
export type AnyManager = Manager<object> & Partial<StoreManager<object>>;

type Arguments = Parameters<typeof createManager>;

/** Opens the Manager that the operator means. Throws {@link UsageError}, or what the provider found. */
export async function openManager(request: Request, config = request.config): Promise<AnyManager> {
  const { provider, namespace } = request;
  if (config !== undefined && !isJson(config)) {
    if (provider !== undefined) throw new UsageError("--provider goes with a configuration in JSON, not with a module");
    return fromModule(config, namespace);
  }
  if (provider === undefined) throw new UsageError("say which sessions: --config <file>, or --provider <name>");
  return create(provider, config === undefined ? {} : parse(config), namespace);
}

function isJson(config: string): boolean {
  return config.trimStart().startsWith("{");
}

function parse(json: string): object {
  try {
    return JSON.parse(json) as object;
  } catch {
    // The cause would quote the text, which may contain a password.
    throw new UsageError("the configuration begins with { and is not JSON");
  }
}

async function fromModule(file: string, namespace: string | undefined): Promise<AnyManager> {
  const url = pathToFileURL(resolve(file)).href;
  const loaded = (await import(url).catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`);
  })) as Record<string, unknown>;
  const found = await (loaded.default ?? loaded.sessions ?? loaded.manager);
  if (isManager(found)) {
    if (namespace === undefined) return found;
    throw new UsageError("--namespace cannot change a Manager that the module has made");
  }
  if (Array.isArray(found) && typeof found[0] === "string") return create(found[0], Object(found[1]), namespace);
  if (Array.isArray(found)) return createManager(...(withNamespace(found, namespace) as unknown as Arguments));
  throw new UsageError(`${file} exports neither a Manager nor the arguments of createManager as "default"`);
}

function withNamespace([connector, config]: readonly unknown[], namespace: string | undefined): unknown[] {
  return [connector, { ...Object(config), ...(namespace !== undefined && { namespace }) }];
}

function isManager(value: unknown): value is AnyManager {
  return typeof value === "object" && value !== null && "startGC" in value && "diagnose" in value;
}

async function create(name: string, config: object, namespace: string | undefined): Promise<AnyManager> {
  const known = await register(name);
  return createManager(...(withNamespace([known, config], namespace) as unknown as Arguments));
}

/** Imports the provider's package, if need be, as the application has it. The name under which it is registered. */
async function register(name: string): Promise<string> {
  if (providers().includes(name)) return name;
  const before = new Set(providers());
  const packageName = /^[a-z]+$/.test(name) ? `@sess/${name}` : name;
  let path: string;
  try {
    path = createRequire(join(process.cwd(), "sess.js")).resolve(packageName);
  } catch {
    throw new UsageError(`${packageName} is not installed here: npm install ${packageName}`);
  }
  await import(pathToFileURL(path).href);
  if (providers().includes(name)) return name;
  const [added] = providers().filter((each) => !before.has(each));
  if (added === undefined) connectorOf(name, undefined);
  return added ?? name;
}
