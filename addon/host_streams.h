#pragma once

#include <cstddef>
#include <cstdint>

// The host process's standard streams belong to its frames. The vendor's code finds others in their place that lead
// nowhere: what it prints could be a credential.
namespace wxpay_face::host_streams {

// Before anything of the vendor's is loaded: the standard handles, the descriptors 0 to 2 and what a C runtime of the
// library's own would find all lead nowhere afterwards, and no child of this process inherits the frames.
void take();

// Fills the whole buffer; false if the input ends before it is full.
bool read_exactly(uint8_t* buffer, size_t size);

// False if nobody reads any more.
bool write_all(const uint8_t* bytes, size_t size);

// A word of the host's own, on the standard error that it was started with.
void complain(const char* text);

}  // namespace wxpay_face::host_streams
