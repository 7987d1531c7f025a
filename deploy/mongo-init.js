// For mongosh: creates the replica set and the user of Gatehouse if they are missing. See compose.yaml.
const { readFileSync } = require('fs');

const secret = (name) => readFileSync(`/run/secrets/${name}`, 'utf8').trim();
const NOT_YET_INITIALIZED = 94;

const admin = connect(`mongodb://root:${secret('mongo-root-password')}@mongo:27017/admin?directConnection=true`);
try {
  admin.adminCommand({ replSetGetStatus: 1 });
} catch (failed) {
  if (failed.code !== NOT_YET_INITIALIZED) throw failed;
  admin.adminCommand({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: 'mongo:27017' }] } });
}
while (!admin.hello().isWritablePrimary) sleep(200);

const gatehouse = admin.getSiblingDB('gatehouse');
const pwd = secret('mongo-password');
if (gatehouse.getUser('gatehouse') === null) {
  gatehouse.createUser({ user: 'gatehouse', pwd, roles: [{ role: 'readWrite', db: 'gatehouse' }] });
} else {
  gatehouse.updateUser('gatehouse', { pwd });
}
