/** Instead of src/version.ts, which reads a file (vite.config.ts). */
export { version } from "../../package.json";
