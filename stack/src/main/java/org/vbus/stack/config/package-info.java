/// From a HOCON file to immutable records, or to a list of one-line errors.
///
/// ```
///   file + includes --ConfigSource--> ConfigNode --RecordBinder--> record of the stack
///                                                                      |
///                                            PluginBlock (name, body) -+--bind--> record of the plug-in
/// ```
///
/// A record says what is accepted: each component is a key (`macTable` is `mac-table`), its type
/// and annotations are the constraints, its `@Default` or `@Nullable` makes it optional. The same
/// record feeds the binder, its error messages and [ConfigReference].
///
/// Accepted component types: `String`, `int`, `long`, `double`, `boolean` and their boxes (for
/// `@Nullable`), [java.time.Duration], enums (kebab-case), records, [PluginBlock], [Located] of any
/// of them, `List` and `Map<String, ...>` of any of them. Maps keep the order of the file.
///
/// Record classes are built by reflection without `opens`: they must be public, in a package that
/// their module exports (at least to `org.vbus.stack`).
package org.vbus.stack.config;
