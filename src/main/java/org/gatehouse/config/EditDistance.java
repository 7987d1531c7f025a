package org.gatehouse.config;

/** How much two names differ, to suggest the known name that a mistyped one resembles. */
public final class EditDistance {
    private EditDistance() {}

    /**
     * The number of letters to insert, remove, replace or exchange with the next one (optimal string alignment distance).
     *
     * <p>The time grows with the product of both lengths, so the caller bounds the length of what a client sends.
     */
    public static int between(String one, String other) {
        int[][] distances = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                if (i == 0 || j == 0) {
                    distances[i][j] = i + j;
                    continue;
                }
                int replaced = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
                int least = Math.min(distances[i - 1][j], distances[i][j - 1]) + 1;
                least = Math.min(least, distances[i - 1][j - 1] + replaced);
                boolean exchanged = i > 1
                        && j > 1
                        && one.charAt(i - 1) == other.charAt(j - 2)
                        && one.charAt(i - 2) == other.charAt(j - 1);
                distances[i][j] = exchanged ? Math.min(least, distances[i - 2][j - 2] + 1) : least;
            }
        }
        return distances[one.length()][other.length()];
    }
}
