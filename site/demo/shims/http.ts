/** Never made here: the page asks with `handle`, which takes a `Request`. */
export class ServerResponse {}
export class IncomingMessage {}
