/** Tells the other windows of this browser which account is signed in, and hears it from them. */

const STORAGE_KEY = "reyna.account";

interface AccountMessage {
  user: string | null;
  at: number;
}

export class AccountBroadcast {
  /** `onChange` gets what another window did; null when it signed out. One of the two ways is enough. */
  constructor(
    private readonly channel: BroadcastChannel | null,
    private readonly storage: Storage,
    window: Window,
    onChange: (user: string | null) => void,
  ) {
    channel?.addEventListener("message", ({ data }: MessageEvent<AccountMessage>) => onChange(data.user));
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key === STORAGE_KEY && newValue) onChange((JSON.parse(newValue) as AccountMessage).user);
    });
  }

  send(user: string | null): void {
    const message: AccountMessage = { user, at: Date.now() };
    this.channel?.postMessage(message);
    try {
      this.storage.setItem(STORAGE_KEY, JSON.stringify(message));
    } catch {
      // storage is blocked: the channel has sent it
    }
  }
}
