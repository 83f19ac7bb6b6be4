#pragma once

#include <functional>

namespace wxpay_face {

// Starts a thread that nobody waits for; false if the system gives none. Its stack is as large as that of a program's
// threads usually is, whatever this program reserves for its own: a 32-bit node.exe reserves 8 MiB for each, and has
// room for 200. `function` must not throw.
bool start_thread(std::function<void()> function);

}  // namespace wxpay_face
