/** What bin/weir.js runs. */
export { nameSources } from "../ports/source-positions.ts";
export { main } from "./main.ts";
