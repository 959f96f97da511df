import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import { createManager } from "@sess/core";
import type { SessionGetter } from "@sess/core/express"; // A request of Fastify has the same method.

export interface Fields {
  user: string;
  visits: number;
  theme: string;
}

export const sessions = await createManager<Fields>("memory", { maxLifetime: 1800 });

/** For guards and interceptors. */
export const sessionOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<SessionGetter>().session<Fields>();

/** For the parameters of handlers. */
export const Session = createParamDecorator((_data: unknown, context: ExecutionContext) => sessionOf(context));
