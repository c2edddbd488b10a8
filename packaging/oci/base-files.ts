/** What of Debian's packages an image needs: the libraries that Node loads, and what says which they are. */

/** Node is linked to these, and to nothing else. */
export const basePackages = ["base-files", "libc6", "libgcc-s1", "libstdc++6"] as const;

const libraries =
  /^(usr\/)?lib(64|\/[\w-]+-linux-gnu)?\/(ld-linux[\w.-]*|libc|libm|libdl|libpthread|librt|libresolv|libnss_dns|libnss_files|libgcc_s|libstdc\+\+)[\w.-]*\.so[.\d]*$/;
const descriptions =
  /^(usr\/lib\/os-release|etc\/os-release|etc\/debian_version|usr\/share\/doc\/[^/]+\/copyright)$/;

/** `path` in a package's tree. */
export function belongsInImage(path: string): boolean {
  return libraries.test(path) || descriptions.test(path);
}

/** Who runs in it, as distroless images have it. */
export const imageUser = 65_532;

/** Files that stand in no package. */
export const systemFiles: Readonly<Record<string, string>> = {
  "etc/passwd": `root:x:0:0:root:/:/sbin/nologin\nweir:x:${imageUser}:${imageUser}:Weir:/data:/sbin/nologin\n`,
  "etc/group": `root:x:0:\nweir:x:${imageUser}:\n`,
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n",
};
