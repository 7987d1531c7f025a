package org.gatehouse.user;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.gatehouse.store.MongoConnection;

/** Reads complete lists of users, page by page, for tests in other packages. */
public final class UserPages {
    private UserPages() {}

    /** Returns all users, ordered by {@code sort}. Reads at most {@code limit} users per page. */
    public static List<User> read(MongoConnection mongo, String sort, int limit) {
        MongoUserLists lists = new MongoUserLists(mongo, "users", new MongoUserSearch(Set.of()));
        UserQuery.Sort order = UserQuery.Sort.parse(sort).orElseThrow();
        List<User> all = new ArrayList<>();
        UserQuery.Position position = null;
        do {
            UserQuery query = new UserQuery(limit, order, UserFilter.ALL, position);
            List<ListedUser> page = lists.list(query);
            page.forEach(listed -> all.add(listed.user()));
            position = page.stream()
                    .reduce((one, other) -> other)
                    .map(last -> query.position(last).cursor())
                    .flatMap(UserQuery.Position::parse)
                    .orElse(null);
        } while (position != null);
        return all;
    }
}
