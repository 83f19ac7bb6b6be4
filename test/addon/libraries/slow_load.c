// Takes half a second to be loaded, and answers with the request.
#include <stdlib.h>
#include <string.h>

#include "export.h"

#ifdef _WIN32
#include <windows.h>
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved) {
  (void)instance;
  (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) Sleep(500);
  return TRUE;
}
#else
#include <unistd.h>
__attribute__((constructor)) static void start(void) { usleep(500000); }
#endif

int wxpayCallFaceService(const char* request, unsigned int request_size, char** response, unsigned int* response_size) {
  *response = malloc(request_size);
  if (*response == NULL) return -4;
  memcpy(*response, request, request_size);
  *response_size = request_size;
  return 0;
}

void wxpayReleaseResponse(char** response) {
  free(*response);
  *response = NULL;
}
