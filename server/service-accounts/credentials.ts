// The file in which Google's libraries read who they are and with what they sign.

export type GoogleCredentials = {
  type: 'service_account';
  project_id: string;
  private_key_id: string;
  private_key: string;
  client_email: string;
  client_id: string;
  token_uri: string;
};

/** `client_email` is what the libraries put into `iss` and `sub`: the id. */
export function describeCredentials(
  { id, kid, privatePem }: { id: string; kid: string; privatePem: string },
  issuer: string,
): GoogleCredentials {
  return {
    type: 'service_account',
    project_id: new URL(issuer).hostname,
    private_key_id: kid,
    private_key: privatePem,
    client_email: id,
    client_id: id,
    token_uri: `${issuer}/token`,
  };
}
