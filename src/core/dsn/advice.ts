/** What a status code means for the sender, in plain words, and what can be done. Source: RFC 3463. */

const advice: readonly (readonly [pattern: RegExp, ...lines: string[]])[] = [
  [
    /^4\.4\.7$/,
    "The message could not be delivered in the time allowed.",
    "Send it again later, or ask the recipient another way.",
  ],
  [
    /^5\.1\.(0|1|6)$/,
    "The recipient's server does not know this address.",
    "Check the spelling of the address, then send the message again.",
  ],
  [
    /^5\.1\.(2|10)$|^5\.4\.(1|4)$/,
    "The recipient's domain cannot be found or takes no mail.",
    "Check the part behind the @ sign.",
  ],
  [
    /^5\.1\.3$/,
    "The recipient's address is not written correctly.",
    "Correct the address, then send the message again.",
  ],
  [
    /^5\.1\.(7|8)$/,
    "The server does not accept the sender's address.",
    "Ask your administrator to check the address the application sends from.",
  ],
  [
    /^[45]\.2\.2$/,
    "The recipient's mailbox is full.",
    "Tell the recipient another way, or send the message again later.",
  ],
  [/^5\.2\.1$/, "The recipient's mailbox takes no messages.", "Ask the recipient another way."],
  [
    /^5\.[23]\.(3|4)$/,
    "The message is too large.",
    "Make it smaller, for example by removing attachments, then send it again.",
  ],
  [
    /^5\.4\.6$/,
    "The message was going round in circles between servers.",
    "Ask your administrator to check how mail to this domain is routed.",
  ],
  [
    /^5\.6\.\d+$/,
    "The recipient's server cannot handle the message's form.",
    "Send it in another form, for example without special characters or attachments.",
  ],
  [
    /^5\.7\.\d+$/,
    "The recipient's server refused the message by its rules.",
    "Ask your or the recipient's administrator, and show them the text below.",
  ],
  [/^4\.2\.\d+$/, "The recipient's mailbox cannot take the message now."],
  [/^4\.[34]\.\d+$/, "The next server cannot be reached or cannot take mail now."],
  [/^4\.7\.\d+$/, "The recipient's server does not take the message yet."],
  [/^4\./, "The next server could not take the message for the time being."],
];

/** One or two lines; falls back on plain words for codes it does not know. */
export function adviceFor(status: string, diagnostic: string): readonly string[] {
  if (status === "4.4.7" && !diagnostic.includes("QUEUE.Expired")) {
    return ["The message is waiting and has not been delivered yet."];
  }
  for (const [pattern, ...lines] of advice) if (pattern.test(status)) return lines;
  return [
    "The recipient's server refused the message.",
    "The text below says why; show it to your administrator.",
  ];
}
