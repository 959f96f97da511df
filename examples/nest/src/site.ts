import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Module,
  type OnApplicationShutdown,
  Post,
  Query,
  Redirect,
  UseGuards,
} from "@nestjs/common";
import type { SessionStore } from "@sess/core";
import { page } from "./page.js";
import { type Fields, Session, sessionOf, sessions } from "./session.js";

class SignedIn implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    return (await sessionOf(context)).has("user");
  }
}

@Controller()
class Site {
  @Get()
  @Header("Content-Type", "text/html; charset=utf-8")
  show(@Session() session: SessionStore<Fields>): string {
    return page(`hello ${session.get("user") ?? "nobody"}, ${session.get("visits") ?? 0} visits`);
  }

  @Post("visit")
  @HttpCode(200)
  async visit(@Session() session: SessionStore<Fields>): Promise<string> {
    return String(await session.update("visits", (visits) => (visits ?? 0) + 1));
  }

  @Post("theme")
  @HttpCode(204)
  choose(@Session() session: SessionStore<Fields>, @Query("name") name: string): void {
    session.set("theme", name); // Stored with the response.
  }

  @Post("sign-in")
  @Redirect("/", 303)
  async signIn(@Session() session: SessionStore<Fields>, @Query("user") user: string): Promise<void> {
    session.set("user", user);
    await session.regenerate(); // A new id for a new right.
  }

  @Post("sign-out")
  @Redirect("/", 303)
  async signOut(@Session() session: SessionStore<Fields>): Promise<void> {
    await session.destroy();
  }

  @Get("members")
  @UseGuards(SignedIn)
  members(): string {
    return "for members";
  }
}

@Module({ controllers: [Site] })
export class SiteModule implements OnApplicationShutdown {
  onApplicationShutdown(): Promise<void> {
    return sessions.close();
  }
}
