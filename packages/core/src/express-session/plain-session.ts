import {
  type Actions,
  type Callback,
  callBack,
  ObjectShape,
  partsOf,
  SessionObject,
} from "../session-object/session-object.js";

function tell(session: object, action: (actions: Actions) => Promise<void>, callback: Callback | undefined): void {
  const { actions } = partsOf(session);
  const done = action(actions);
  if (callback === undefined) actions.unheard(done);
  else callBack(done, callback);
}

/** The methods of `req.session`, as express-session has them. */
class PlainSession extends SessionObject {
  get id(): string {
    return partsOf(this).properties.id;
  }

  regenerate(callback?: Callback): this {
    tell(this, (actions) => actions.regenerate(), callback);
    return this;
  }

  destroy(callback?: Callback): this {
    tell(this, (actions) => actions.destroy(), callback);
    return this;
  }

  reload(callback?: Callback): this {
    tell(this, (actions) => actions.reload(), callback);
    return this;
  }

  save(callback?: Callback): this {
    tell(this, (actions) => actions.save(), callback);
    return this;
  }

  touch(): this {
    tell(this, (actions) => actions.touch(), undefined);
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    partsOf(this).cookie.reset();
    return this;
  }
}

export const plainSession = new ObjectShape(PlainSession, true);
