/** The doors that mail comes in by, named as the message tracking log names them (Exchange: PICKUP is Replay's too). */
export const doors = ["SMTP", "HTTP", "PICKUP"] as const;
export type Door = (typeof doors)[number];
/** Those that listen on sockets. */
export const listeningDoors = ["SMTP", "HTTP"] as const satisfies readonly Door[];
export type ListeningDoor = (typeof listeningDoors)[number];

/** Whether who comes by it has a connection, which takes a place of the connector. */
export const isListening = (door: Door): door is ListeningDoor => door !== "PICKUP";
