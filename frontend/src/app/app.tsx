/** Providers and the router's mount. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { tokenSource } from '@/features/auth/identity';
import { useTokenSource as setTokenSource } from '@/lib/http';
import { router } from '@/app/router';
import { RequestProblem } from '@/lib/problem';

setTokenSource(tokenSource);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, failure) => count < 2 && !(failure instanceof RequestProblem && failure.status < 500),
      staleTime: 5_000,
    },
  },
});

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
