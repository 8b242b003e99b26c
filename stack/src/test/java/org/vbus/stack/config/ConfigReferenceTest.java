package org.vbus.stack.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.vbus.stack.config.Lab.ListConfig;
import org.vbus.stack.config.Lab.StackConfig;

class ConfigReferenceTest {
  @Test
  void describesKeysWithTypesDefaultsAndDocs() {
    assertThat(String.join("\n", ConfigReference.describe(StackConfig.class)))
        .isEqualTo(
            """
            loops                               a block of named entries                      default { main {} }
            loops.<name>.idle                   one of spin, adaptive, block-at-once          default adaptive
            loops.<name>.budget                 a number of at least 1                        default 64
            switches                            a block of named entries                      default {}
            switches.<name>.uplink              a plug-in's name or one block with that name  optional
            switches.<name>.mac-table           a block                                       default {}
            switches.<name>.mac-table.capacity  a number from 1 to 65536                      default 4096         Addresses remembered.
            switches.<name>.mac-table.ageing    a duration from 1s to 1h                      default 300s
            switches.<name>.capture             text                                          optional
            switches.<name>.mirrors             a list, each text                             default []
            buses                               a block of named entries                      required             One per guest.
            buses.<name>.connector              a plug-in's name or one block with that name  required
            buses.<name>.signals                a plug-in's name or one block with that name  default direct
            buses.<name>.devices                a block of named entries                      default {}
            buses.<name>.devices.<name>.loop    text                                          default main
            buses.<name>.devices.<name>.model   the name of a plug-in                         required\
            """);
  }

  @Test
  void describesWhatEachElementOfAListMustBe() {
    assertThat(ConfigReference.describe(ListConfig.class))
        .containsExactly(
            "numbers  a list, each a number     required",
            "idles    a block of named entries  default {}");
  }
}
