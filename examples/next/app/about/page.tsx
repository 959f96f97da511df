/** Without a session, a page is rendered while building, and the same for everybody. */
export default function Page() {
  return <p>about us</p>;
}
