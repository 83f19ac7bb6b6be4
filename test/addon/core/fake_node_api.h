#pragma once

#include <node_api.h>

// As much of Node-API as delivery.cc uses, so that the sanitizers see both sides of it. Releasing a thread-safe
// function frees it at once: a thread that touches it later is a use after free, where Node crashes only sometimes.
namespace fake_node {

// Stands for a live environment; nothing looks inside.
napi_env environment();

// One turn of the event loop of the newest thread-safe function: false where it had nothing to do.
bool turn();

// Whether the newest thread-safe function keeps the loop alive.
bool is_held();

}  // namespace fake_node
