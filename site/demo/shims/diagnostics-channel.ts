/** Nobody subscribes in the page: its log is written by the provider that it races on. */
const unheard = { hasSubscribers: false, publish() {} };
export const channel = () => unheard;
export const tracingChannel = () => ({ hasSubscribers: false });
