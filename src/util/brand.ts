declare const brand: unique symbol;

/** A value that only its parser makes: a `Brand<string, 'OrderId'>` is text, but text is no order id. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
