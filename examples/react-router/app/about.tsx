export default function About() {
  return <p>about us</p>;
}
