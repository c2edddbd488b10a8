/** The built pages of the console, read into memory once; a request is looked up by its exact name. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, relative, sep, join } from "node:path";
import { packageFile } from "../../ports/package-files.ts";

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly etag: string;
  /** Its name carries a hash of its content. */
  readonly immutable: boolean;
}

/** By path: `/index.html`, `/assets/index-5f3e.js`. */
export type Assets = ReadonlyMap<string, Asset>;

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

export const builtConsole = packageFile("dist/console/");

/** Empty when there is no such folder. Files of kinds the console has no use for are left out. */
export async function readAssets(directory: string): Promise<Assets> {
  const assets = new Map<string, Asset>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const contentType = contentTypes[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const body = new Uint8Array(await readFile(file));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    const path = `/${relative(directory, file).split(sep).join("/")}`;
    assets.set(path, { body, contentType, etag, immutable: path.startsWith("/assets/") });
  }
  return assets;
}

export function assetResponse(asset: Asset, request: Request): Response {
  const headers = {
    etag: asset.etag,
    "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache",
  };
  if (request.headers.get("if-none-match") === asset.etag)
    return new Response(null, { status: 304, headers });
  return new Response(request.method === "HEAD" ? null : asset.body, {
    headers: { ...headers, "content-type": asset.contentType, "content-length": String(asset.body.length) },
  });
}
