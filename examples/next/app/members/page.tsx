/** Rendered while building too, but the proxy shows it to those who are signed in. */
export default function Page() {
  return <p>for members</p>;
}
