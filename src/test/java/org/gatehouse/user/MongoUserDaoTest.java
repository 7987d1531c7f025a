package org.gatehouse.user;

class MongoUserDaoTest extends UserDaoContract {
    @Override
    UserDao decorate(MongoUserDao stored) {
        return stored;
    }
}
