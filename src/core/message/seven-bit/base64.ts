/** Base64 (RFC 2045 §6.8), as a stream, in lines of 76 characters. */
import type { TransferEncoder } from "./quoted-printable.ts";

const lineOctets = 57;
const lineCharacters = 78;
const nothing = Buffer.alloc(0);

/** CRLF stands between lines and not behind the last one. Holds back up to 56 octets. Cost: one pass. */
export function createBase64Encoder(): TransferEncoder {
  let held = nothing;
  let begun = false;

  const line = (text: string): string => {
    const behind = begun ? "\r\n" : "";
    begun = true;
    return behind + text;
  };

  return {
    feed(octets) {
      const data = held.length === 0 ? octets : Buffer.concat([held, octets]);
      const whole = data.length - (data.length % lineOctets);
      const out = Buffer.allocUnsafe((whole / lineOctets) * lineCharacters);
      let to = 0;
      for (let at = 0; at < whole; at += lineOctets) {
        to += out.write(line(data.toString("base64", at, at + lineOctets)), to, "latin1");
      }
      held = whole === data.length ? nothing : Buffer.from(data.subarray(whole));
      return out.subarray(0, to);
    },
    end() {
      const text = held.length === 0 ? "" : line(held.toString("base64"));
      held = nothing;
      return Buffer.from(text, "latin1");
    },
  };
}
