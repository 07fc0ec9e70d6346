// The one vocabulary of events: the audit log stores them in the transaction of the change, webhooks and metrics use the same names.

/** Every type that may be recorded, with what happened in words. Names change only by addition. */
export const events = {
  'account.created': 'An account was made',
  'account.disabled': 'An account was disabled; its sessions, grants and tokens ended',
  'account.enabled': 'An account may sign in again',
  'account.password_changed': 'A password was changed; other sessions and refresh tokens ended',
  'account.password_rehashed': 'A password was hashed anew with the parameters of today',
  'sign_in.succeeded': 'A person signed in',
  'sign_in.failed': 'A sign-in was refused',
  'sign_out.succeeded': 'A person signed out',
  'session.ended': 'A session was ended by its owner or an operator',
  'client.created': 'A client was registered',
  'client.blocked': 'A client was blocked; everything issued to it is dead',
  'client.allowed': 'A client is allowed again',
  'client.secret_rotated': 'A client got a second secret; the old one expires',
  'resource.created': 'An API was registered',
  'consent.granted': 'A person allowed a client',
  'consent.denied': 'A person declined a client',
  'consent.forgotten': 'A remembered permission was forgotten',
  'grant.created': 'An authorization was made: a new family of tokens',
  'grant.revoked': 'A grant was revoked; its tokens are dead',
  'authorization_code.issued': 'A code was sent to a client',
  'authorization_code.replayed': 'A code came a second time; its tokens are dead',
  'token.issued': 'Tokens were issued',
  'token.refused': 'A token request was refused',
  'refresh_token.replayed': 'A spent refresh token came again; its family is dead',
  'token.revoked': 'A token was revoked by its client or an operator',
  'device_code.issued': 'A device asked to be paired',
  'device_code.approved': 'A person paired a device: a new grant',
  'device_code.denied': 'A person declined a device',
  'device_code.reported': 'A person reported a device; further codes of its client are refused for them',
  'device_code.killed': 'A code was withdrawn: several people had entered it',
  'signing_key.created': 'A signing key was made',
  'configuration.changed': 'The server started with another configuration',
} as const;

export type EventType = keyof typeof events;
