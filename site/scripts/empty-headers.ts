interface Token {
  readonly type: string;
  readonly content: string;
  tag: string;
}

/** For markdown-it: the head of a column that says nothing is no head. Markdown has no table without them. */
export function emptyHeaders(md: {
  core: { ruler: { push(name: string, rule: (state: { tokens: Token[] }) => void): void } };
}): void {
  md.core.ruler.push("empty-headers", ({ tokens }) => {
    tokens.forEach((token, at) => {
      const [text, end] = [tokens[at + 1], tokens[at + 2]];
      if (token.type !== "th_open" || text?.content !== "" || end === undefined) return;
      token.tag = "td";
      end.tag = "td";
    });
  });
}
