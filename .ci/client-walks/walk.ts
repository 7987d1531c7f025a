// Uses the generated TypeScript client. Prints a line for each check. Exits with 1 if one fails.
import { Configuration, ErrorCode, LoginApi, MailApi, ResponseError, SessionsApi, UsersApi } from './client';

declare const process: { env: Record<string, string>; exit(code: number): never };

let failed = 0;

function check(what: string, holds: boolean): void {
  failed += holds ? 0 : 1;
  console.log(`${holds ? 'passed' : 'FAILED'}: typescript ${what}`);
}

async function walk(): Promise<void> {
  const { BASE: basePath, ADMIN_USERNAME: username, ADMIN_PASSWORD: password } = process.env;
  const login = await new LoginApi(new Configuration({ basePath })).login({ credentials: { username, password } });
  check('login', login.status === 'success' && login.user.username === username);

  const configuration = new Configuration({ basePath, accessToken: login.token });
  const users = new UsersApi(configuration);
  check('me', (await users.readUser({ id: 'me' })).roles.includes('admin'));

  const secret = 'correct horse battery staple';
  const plain = await users.createUser({ userCreate: { username: 'typescript-plain', password: secret } });
  check('a user created without roles is a user', plain.roles.join() === 'user');
  const author = await users.createUser({
    userCreate: { username: 'typescript-author', password: secret, email: 'ts@example.com', roles: ['user', 'author'] },
  });
  const patched = await users.changeUser({ id: author.id, userPatch: { username: 'typescript-renamed' } });
  check('a patch of one field changes it', patched.username === 'typescript-renamed');
  check('a patch of one field leaves the roles alone', [...patched.roles].sort().join() === 'author,user');
  check('a patch of one field leaves the address alone', patched.email === 'ts@example.com');
  const demoted = await users.changeUser({ id: author.id, userPatch: { roles: ['user'] } });
  check('a patch of the roles changes them', demoted.roles.join() === 'user');

  const found = await users.listUsers({ q: 'typescript-', count: true });
  check('list', found.map((user) => user.username).join() === 'typescript-plain,typescript-renamed');
  const sessions = await new SessionsApi(configuration).listOwnSessions();
  check('the sessions have times', sessions[0].createdAt.getFullYear() >= 2000);

  const mails = new MailApi(configuration);
  await mails.forgotPassword({ forgotPasswordRequest: { email: 'ts@example.com' } });
  check('a forgotten password queues a mail', (await mails.listMails()).some((mail) => mail.kind === 'reset'));

  try {
    await users.readUser({ id: '000000000000000000000000' });
    check('an unknown user is an error', false);
  } catch (error) {
    const body = await (error as ResponseError).response.json();
    check('an unknown user is an error', body.code === ErrorCode.UserNotFound);
  }

  check('logout', (await new LoginApi(configuration).logout()).ended === 1);
}

walk().then(
  () => process.exit(failed > 0 ? 1 : 0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
