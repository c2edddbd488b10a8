/** `1 message`, `1,234 messages` */
export function messagesText(count: number): string {
  return count === 1 ? "1 message" : `${count.toLocaleString()} messages`;
}
