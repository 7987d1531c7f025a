package org.gatehouse.config;

/** Computes the edit distance of two names, so that messages can suggest the intended name. */
public final class EditDistance {
    private EditDistance() {}

    /**
     * Returns the minimum number of insertions, deletions, substitutions and transpositions (optimal string alignment).
     *
     * <p>The time is proportional to the product of both lengths, so callers must limit the length of client input.
     */
    public static int between(String one, String other) {
        int[][] distances = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                if (i == 0 || j == 0) {
                    distances[i][j] = i + j;
                    continue;
                }
                int substitution = one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1;
                int shortest = Math.min(distances[i - 1][j], distances[i][j - 1]) + 1;
                shortest = Math.min(shortest, distances[i - 1][j - 1] + substitution);
                boolean transposed = i > 1
                        && j > 1
                        && one.charAt(i - 1) == other.charAt(j - 2)
                        && one.charAt(i - 2) == other.charAt(j - 1);
                distances[i][j] = transposed ? Math.min(shortest, distances[i - 2][j - 2] + 1) : shortest;
            }
        }
        return distances[one.length()][other.length()];
    }
}
