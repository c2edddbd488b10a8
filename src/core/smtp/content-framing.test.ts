import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { ContentFraming, type FramingOptions } from "./content-framing.ts";

function frame(
  chunks: readonly Buffer[],
  mode: FramingOptions["mode"] = "dot",
  maxHeaderBytes = 65536,
  removeNul = false,
) {
  const framing = new ContentFraming({ mode, maxHeaderBytes, removeNul });
  const out: Buffer[] = [];
  let rest = "";
  for (const chunk of chunks) {
    if (framing.ended) {
      rest += chunk.toString("latin1");
      continue;
    }
    // The octets around it are another's: what would complete a line end or the end of data must not be looked at.
    const input = Buffer.concat([latin1("\r\n."), chunk, latin1("\n.\r\n")]);
    const end = framing.feed(input, 3, 3 + chunk.length, out);
    rest += input.toString("latin1", end, 3 + chunk.length);
  }
  framing.finish(out);
  const content = Buffer.concat(out);
  if (framing.sizeBytes !== content.length) throw new Error(`sizeBytes is ${framing.sizeBytes}`);
  return { framing, content: content.toString("latin1"), rest };
}

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** What the table in content-framing.ts says, written once more in another way: by splitting, not by states. */
function expected(input: string): { content: string; ended: boolean; rest: string } {
  const trueLines = input.split("\r\n");
  let content = "";
  for (let n = 0; n < trueLines.length; n++) {
    const last = n === trueLines.length - 1;
    const line = trueLines[n]!;
    if (line === "." && !last) return { content, ended: true, rest: trueLines.slice(n + 1).join("\r\n") };
    const unstuffed = line.startsWith(".") ? line.slice(1) : line;
    // CRs in front of a true line end are part of it, but behind the dot of what would be an end of data.
    const text = last ? unstuffed : unstuffed.replace(/\r+$/, /^\.\r+$/.test(line) ? "\r" : "");
    content += text.replace(/[\r\n]/g, "\r\n") + (last ? "" : "\r\n");
  }
  return { content, ended: false, rest: "" };
}

/** Dot-stuffed for sending on. */
const stuff = (content: string): string => content.replace(/(^|\r\n)\./g, "$1..");

const lineEnds = [
  "\r",
  "\n",
  "\r\n",
  "\n\r",
  "\r\r\n",
  "\r\n\n",
  "\r\n\r",
  "\n\n",
  "\r\r",
  "\0",
  "\x0b",
  "\x0c",
  "\x85",
  "",
];
const dots = [".", "..", ".\0", "\0.", ". ", " .", "\t.", ".\t", "\x2e\x2e\x2e", "\xb7"];
const lookAlikes = lineEnds.flatMap((before) =>
  dots.flatMap((dot) => lineEnds.map((after) => before + dot + after)),
);

describe("end of data", () => {
  it.each([
    // input behind "a", content, whether it ends
    ["\r\n.\r\n", "a\r\n", true],
    ["\r\r\n.\r\n", "a\r\n", true],
    ["\r\r\r\n.\r\n", "a\r\n", true],
    ["\r\rb\r\n.\r\n", "a\r\n\r\nb\r\n", true],
    ["\n\r\n.\r\n", "a\r\n\r\n", true],
    ["\n.\n", "a\r\n.\r\n", false],
    ["\n.\r\n", "a\r\n.\r\n", false],
    ["\r.\r\n", "a\r\n.\r\n", false],
    ["\r.\r", "a\r\n.\r\n", false],
    ["\r\n.\n", "a\r\n\r\n", false],
    ["\r\n.\r", "a\r\n\r\n", false],
    ["\r\n.\r.\r\n", "a\r\n\r\n.\r\n", false],
    ["\r\n.\r\r\n", "a\r\n\r\n\r\n", false],
    ["\r\n..\r\n", "a\r\n.\r\n", false],
    ["\r\n...\r\n", "a\r\n..\r\n", false],
    ["\r\n.\0\r\n", "a\r\n\0\r\n", false],
    ["\r\n\0.\r\n", "a\r\n\0.\r\n", false],
    ["\r\n. \r\n", "a\r\n \r\n", false],
    ["\r\n .\r\n", "a\r\n .\r\n", false],
    ["\r\n\x0b.\r\n", "a\r\n\x0b.\r\n", false],
    ["\x85.\x85", "a\x85.\x85", false],
    ["\n\r.\n\r", "a\r\n\r\n.\r\n\r\n", false],
  ])("a%j becomes %j", (input, content, ended) => {
    // A letter behind it decides what a trailing CR was.
    const result = frame([latin1(`a${input}${ended ? "" : "z"}`)]);
    expect([result.content, result.framing.ended]).toEqual([ended ? content : `${content}z`, ended]);
  });

  it("comes at once when the content is empty", () => {
    expect(frame([latin1(".\r\nQUIT\r\n")])).toMatchObject({ content: "", rest: "QUIT\r\n" });
  });

  it("keeps what is pipelined behind it, at every split", () => {
    const input = latin1("Subject: x\r\n\r\n..y\r\n.\r\nMAIL FROM:<>\r\n");
    for (let at = 0; at <= input.length; at++) {
      const result = frame([input.subarray(0, at), input.subarray(at)]);
      expect(result.content).toBe("Subject: x\r\n\r\n.y\r\n");
      expect(result.rest).toBe("MAIL FROM:<>\r\n");
    }
  });

  it(`is none of ${lookAlikes.length} look-alikes but the true one, at every split`, () => {
    expect(lookAlikes.length).toBeGreaterThan(1000);
    const wrong: unknown[] = [];
    for (const lookAlike of lookAlikes) {
      const input = `a: b\r\n\r\nc${lookAlike}MAIL FROM:<evil@x>\r\n.\r\nNOOP\r\n`;
      const wanted = expected(input);
      if (lookAlike.includes("\r\n.\r\n") === wanted.content.includes("evil"))
        wrong.push([lookAlike, wanted]);
      const octets = latin1(input);
      for (let at = 8; at <= 10 + lookAlike.length; at++) {
        const result = frame([octets.subarray(0, at), octets.subarray(at)]);
        if (result.content !== wanted.content || result.rest !== wanted.rest)
          wrong.push([lookAlike, at, result]);
      }
      const single = frame(Array.from(octets, (_, at) => octets.subarray(at, at + 1)));
      if (single.content !== wanted.content) wrong.push([lookAlike, "octet by octet", single]);
    }
    expect(wrong).toEqual([]);
  });

  it("is in no stored content sent on with its dots stuffed, for receivers of every kind", () => {
    for (const lookAlike of lookAlikes) {
      const { content } = frame([latin1(`c${lookAlike}d\r\n.\r\n`)]);
      // Also one that takes CR or LF alone for a line end.
      expect(stuff(content)).not.toMatch(/(^|[\r\n])\.[\r\n]/);
      expect(content).not.toMatch(/\r(?!\n)|(?<!\r)\n/);
    }
  });
});

describe("content", () => {
  const wireText = fc
    .array(fc.constantFrom("a", ".", "\r", "\n", "\r\n", "\0", "\xff", "\t", "x".repeat(150), "\r\n.\r\n"), {
      maxLength: 60,
    })
    .map((parts) => parts.join(""));
  const cuts = fc.array(fc.nat(400), { maxLength: 6 });
  const split = (octets: Buffer, at: readonly number[]): Buffer[] => {
    const places = [0, ...at.filter((n) => n < octets.length).sort((a, b) => a - b), octets.length];
    return places.slice(1).map((end, n) => octets.subarray(places[n], end));
  };

  it("comes back octet for octet when it is CRLF text", () => {
    const crlfText = wireText.map((text) => text.replace(/\r(?!\n)|(?<!\r)\n/g, ""));
    fc.assert(
      fc.property(crlfText, cuts, (text, at) => {
        const content = `${text}\r\n`;
        const result = frame(split(latin1(`${stuff(content)}.\r\nRSET`), at));
        expect(result.content).toBe(content);
        expect(result.rest).toBe("RSET");
        expect(result.framing.bareCrCount + result.framing.bareLfCount).toBe(0);
      }),
    );
  });

  it("is what the table says, whatever comes in and however it is cut", () => {
    fc.assert(
      fc.property(wireText, cuts, (text, at) => {
        const input = `${text}!`;
        const result = frame(split(latin1(input), at));
        expect({ content: result.content, ended: result.framing.ended, rest: result.rest }).toEqual(
          expected(input),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("of BDAT chunks has its line ends made CRLF, and no dot is touched", () => {
    fc.assert(
      fc.property(wireText, cuts, (text, at) => {
        const { content, framing } = frame(split(latin1(text), at), "raw");
        expect(content).toBe(text.replace(/\r+\n|\r|\n/g, "\r\n"));
        expect(framing.ended).toBe(false);
      }),
    );
  });

  it("of binary chunks is handed on untouched", () => {
    fc.assert(
      fc.property(wireText, cuts, (text, at) => {
        expect(frame(split(latin1(text), at), "binary").content).toBe(text);
      }),
    );
  });

  it("facts agree with the content, in every mode", () => {
    fc.assert(
      fc.property(
        wireText,
        cuts,
        fc.constantFrom("dot", "raw", "binary"),
        fc.boolean(),
        (text, at, mode, noNul) => {
          const pieces = split(latin1(mode === "dot" ? `${text}!` : text), at);
          const { framing, content } = frame(pieces, mode, 65536, noNul && mode !== "binary");
          expect(framing.dotLines).toBe(content.match(/(?:^|(?<=\r\n))\./g)?.length ?? 0);
          expect(framing.eightBit).toBe(content.includes("\xff"));
          expect(framing.hasNul).toBe(content.includes("\0"));
          expect(framing.endsWithCrlf).toBe(content === "" || content.endsWith("\r\n"));
          const blank = content.startsWith("\r\n") ? 0 : content.indexOf("\r\n\r\n");
          expect(framing.headerEnded).toBe(blank >= 0);
          const header = blank > 0 ? blank + 2 : blank === 0 ? 0 : content.length;
          expect(framing.headerSizeBytes).toBe(header);
          expect(framing.headerOctets().toString("latin1")).toBe(content.slice(0, header));
        },
      ),
      { numRuns: 150 },
    );
  });

  it("has its first bare line ends located", () => {
    const { framing } = frame([latin1("..ab\ncd\r\nef\rg\nh")]);
    expect(framing).toMatchObject({ bareLfCount: 2, bareLfAt: 3, bareCrCount: 1, bareCrAt: 11 });
  });

  it("is a view of the chunk when nothing is to be changed", () => {
    const chunk = latin1(`Subject: x\r\n\r\n${"text\r\n".repeat(50)}`);
    const out: Buffer[] = [];
    new ContentFraming({ mode: "dot", maxHeaderBytes: 100 }).feed(chunk, 0, chunk.length, out);
    expect(out).toHaveLength(1);
    expect(out[0]!.buffer).toBe(chunk.buffer);
  });

  it("keeps nothing of the body with the header", () => {
    const framing = new ContentFraming({ mode: "dot", maxHeaderBytes: 100 });
    for (const text of ["Subject: x\r\n\r\n", "text\r\n".repeat(500), ".\r\n"])
      framing.feed(Buffer.from(text), 0, text.length, []);
    expect(framing.headerOctets().toString()).toBe("Subject: x\r\n");
    const { framing: inPieces } = frame(
      ["Subj", "ect: x\r\n\r\n", "text\r\n".repeat(500), ".\r\n"].map(latin1),
    );
    expect(inPieces.headerOctets().buffer.byteLength).toBeLessThan(100);
  });

  it("keeps no more of the header than asked for", () => {
    const { framing } = frame([latin1("A: b\r\nC: d\r\n"), latin1("E: f\r\n\r\nbody\r\n")], "raw", 14);
    expect(framing.headerOctets().toString()).toBe("A: b\r\nC: d\r\nE:");
    expect(framing.headerSizeBytes).toBe(18);
  });
});
