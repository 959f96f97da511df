import { type ArgumentsHost, Catch, HttpException } from "@nestjs/common";
import { BaseExceptionFilter } from "@nestjs/core";
import { isSessionError } from "@sess/core";

/** Without it, Nest answers a `SessionError` with 500. */
@Catch()
export class SessionErrors extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    super.catch(isSessionError(error) ? new HttpException("Try again.", error.status) : error, host);
  }
}
