/**
 * Contains the pages for people: the account page, the pages to which mails lead, and the console. The pages are clients
 * of the API. This package may depend on {@code http}, {@code docs}, {@code config} and {@code error}. Start reading at
 * {@link org.gatehouse.pages.AccountPageResource}.
 *
 * <p>The files of the pages are in {@code src/main/resources/org/gatehouse/pages}. All scripts are ES modules, and there
 * is no build step.
 */
@NullMarked
package org.gatehouse.pages;

import org.jspecify.annotations.NullMarked;
