// Leaves the thread's arithmetic changed, as a runtime of its own may (Delphi's unmasks three exceptions): rounds
// upwards, takes the smallest numbers for zero, and traps on 0/0; while it is loaded, and whenever it is called with
// "disturb". After each call it leaves a register of the x87 in use and an exception waiting there, for the next
// instruction to trap. It answers with the state in which it was called; tags are the registers in use, 0xffff for
// none.
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"

#if defined(__i386__) || defined(__x86_64__)
static unsigned int sse_state(void) {
  unsigned int state;
  __asm__ __volatile__("stmxcsr %0" : "=m"(state));
  return state & ~0x3fu;  // without the flags of what has happened so far
}
static unsigned int x87_state(void) {
  unsigned short state;
  __asm__ __volatile__("fnstcw %0" : "=m"(state));
  return state & 0x0c3f;  // how it rounds, and which exceptions don't trap
}
static unsigned int x87_tags(void) {
  unsigned int environment[7];
  __asm__ __volatile__("fnstenv %0\n\tfldenv %0" : "+m"(environment));
  return environment[2] & 0xffff;
}
static void disturb(void) {
  const unsigned int sse = 0x8040 | 0x4000 | 0x1900;  // flush to zero, denormals are zero; upwards; Delphi's exceptions
  const unsigned short x87 = 0x0800 | 0x0032;         // upwards, single precision; Delphi's exceptions
  __asm__ __volatile__("ldmxcsr %0" : : "m"(sse));
  __asm__ __volatile__("fldcw %0" : : "m"(x87));
}
static void leave_waiting(void) { __asm__ __volatile__("fldz\n\tfdiv %st, %st"); }
#else
static unsigned int sse_state(void) { return (unsigned int)fegetround(); }
static unsigned int x87_state(void) { return 0; }
static unsigned int x87_tags(void) { return 0xffff; }
static void leave_waiting(void) {}
static void disturb(void) {
#ifdef FE_UPWARD
  fesetround(FE_UPWARD);
#endif
}
#endif

#ifdef _WIN32
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) disturb();
  return TRUE;
}
#else
__attribute__((constructor)) static void start(void) { disturb(); }
#endif

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  const unsigned int sse = sse_state();
  const unsigned int x87 = x87_state();
  const unsigned int tags = x87_tags();
  *response = malloc(64);
  if (*response == NULL) return -4;
  *response_size = (unsigned int)snprintf(*response, 64, "{\"sse\":%u,\"x87\":%u,\"tags\":%u}", sse, x87, tags);
  if (request_size == 7 && memcmp(request, "disturb", 7) == 0) disturb();
  return 0;
}

void wxpayReleaseResponse(char** response) {
  free(*response);
  *response = NULL;
  disturb();
  leave_waiting();
}
