package org.gatehouse.factor;

import io.nayuki.qrcodegen.QrCode;

/** Draws QR codes as SVG images that contain only shapes, so a page can include them without a risk. */
final class QrSvg {
    /** The margin that scanners need, in modules (ISO/IEC 18004, section 9.1). */
    private static final int QUIET_ZONE = 4;

    private QrSvg() {}

    /** Draws a text. The image scales to every size and is dark on white in every color scheme. */
    static String draw(String text) {
        QrCode code = QrCode.encodeText(text, QrCode.Ecc.MEDIUM);
        int size = code.size + 2 * QUIET_ZONE;
        StringBuilder path = new StringBuilder();
        for (int y = 0; y < code.size; y++) {
            addRow(code, y, path);
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + " " + size
                + "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h" + size + "v" + size + "H0z\"/>"
                + "<path fill=\"#000\" d=\"" + path + "\"/></svg>";
    }

    /** Adds a rectangle for each run of dark modules. */
    private static void addRow(QrCode code, int y, StringBuilder path) {
        int x = 0;
        while (x < code.size) {
            int start = x;
            while (x < code.size && code.getModule(x, y)) {
                x++;
            }
            int run = x - start;
            if (run > 0) {
                path.append('M').append(start + QUIET_ZONE).append(' ').append(y + QUIET_ZONE);
                path.append('h').append(run).append("v1h-").append(run).append('z');
            }
            x++;
        }
    }
}
