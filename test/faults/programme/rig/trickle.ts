/**
 * A process of its own: opens sessions that send one octet a second of a command that never ends. Arguments: port,
 * count. Prints `open N` once they are open, and lives until it is killed.
 */
import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const sockets = new Set<Socket>();
for (let number = 0; number < count; number++) {
  const localAddress = `127.0.${1 + Math.floor(number / 200)}.${1 + (number % 200)}`;
  const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true });
  socket.on("connect", () => sockets.add(socket));
  socket.on("error", () => undefined);
  socket.on("close", () => sockets.delete(socket));
  socket.resume();
  if (number % 100 === 99) await delay(25);
}
await delay(1_000);
console.log(`open ${sockets.size}`);
for (let turn = 0; ; turn++) {
  const octet = "EHLO "[turn] ?? "x";
  let number = 0;
  for (const socket of sockets) {
    socket.write(octet);
    // Spread over the second.
    if (++number % Math.ceil(count / 50) === 0) await delay(20);
  }
  await delay(20);
}
