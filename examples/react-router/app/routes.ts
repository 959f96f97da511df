import { index, layout, type RouteConfig, route } from "@react-router/dev/routes";

export default [
  layout("visitor.tsx", [
    index("home.tsx"),
    route("sign-in", "sign-in.ts"),
    route("sign-out", "sign-out.ts"),
    route("visit", "visit.ts"),
  ]),
  // Rendered while building, and so outside of what has a session.
  route("about", "about.tsx"),
] satisfies RouteConfig;
