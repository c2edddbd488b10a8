/** Hands text or octets to the browser to save. */
export function saveFile(name: string, content: string | Uint8Array<ArrayBuffer>, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  // Of an identity `queue\id` only what any file system takes.
  link.download = name.replace(/[^\w.@-]+/gu, "_");
  link.click();
  URL.revokeObjectURL(url);
}
