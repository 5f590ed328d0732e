/** Words about accounts: signing in and out, and the account menu. */

export const accounts = {
  signIn: { title: "Sign in", submit: "Sign in", question: "New here?", switch: "Make an account" },
  register: {
    title: "Make an account",
    submit: "Make the account",
    question: "Been here before?",
    switch: "Sign in instead",
  },
  name: "Name",
  email: "Email",
  password: "Password",
  continueAsSignedIn: "Go on with the account that is signed in",
  signedOut: "You were signed out. Sign in to go on; what you wrote is kept on this computer.",
  anotherAccount:
    "Another account was signed in to in this browser. What you wrote is kept on this computer, for you alone.",

  account: "Account",
  accountOf: (name: string) => `Account of ${name}`,
  theme: "Theme",
  themes: { system: "As the system", light: "Light", dark: "Dark", sepia: "Sepia", contrast: "High contrast" },
  unsavedTexts: "Unsaved and set-aside texts…",
  signOut: "Sign out",
  signOutFailed: "You could not be signed out.",
};
