/** The body of an error response: what a client may know of it, and no more. */
export function errorText(status: number, otherwise: string): string {
  return `${status === 409 ? "The session has changed meanwhile." : otherwise}\n`;
}
