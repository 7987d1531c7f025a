/**
 * Sends mails: the queue that all nodes share, its worker, templates and SMTP.
 *
 * <p>This package may depend on {@code config}, {@code store}, {@code throttle}, {@code identity}, {@code http},
 * {@code json}, {@code metrics}, {@code error} and {@code concurrent}, but not on users. The package {@code account}
 * determines the receiver of a mail. Start reading at {@link org.gatehouse.mail.MailQueue}.
 */
@NullMarked
package org.gatehouse.mail;

import org.jspecify.annotations.NullMarked;
