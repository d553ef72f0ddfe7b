//! Puts the playground together: the session first, then the bar, the editor, the examples.

import * as bar from "./bar.js";
import * as editor from "./editor.js";
import * as examples from "./examples.js";
import * as session from "./session.js";

bar.mount();
await session.restore();
editor.mount(document.getElementById("editor"));
session.onChange(editor.changeIdentity);
examples.mount(editor.openTab).catch(() => bar.say("The examples could not be read."));
